"""Pages for people: figures as data, the HTML around them, and files that are whole or not there."""
