"""What is done with a question before it is searched: follow-ups completed, spelling helped, several queries made of one."""
