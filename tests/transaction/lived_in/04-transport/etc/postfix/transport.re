/^fax-[0-9]+@local\.edu$/	error:no fax any more
