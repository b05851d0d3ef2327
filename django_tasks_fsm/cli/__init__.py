"""One room for each sub-command of ``manage.py tasks_fsm``; ``runworker`` is the room ``worker`` under its own name."""
