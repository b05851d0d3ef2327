"""The rules, without Django: states, graphs, triggers, retry. Time always comes in as an argument."""
