"""L5: experiments that anyone can run again."""
