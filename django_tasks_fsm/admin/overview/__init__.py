"""The first page of the app in the admin: what there is, what needs a person, what runs, what comes next.

``snapshot`` reads all of it in a fixed number of bounded statements and keeps it for some seconds, whoever asks;
``board`` shows to each user the pieces that he may see.
"""
