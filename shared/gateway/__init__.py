"""What happens to one request: chosen in `targets`, let in by `books`, carried by `asking`, settled by `books`; `converse` tells a chat in order, `exchange` what is none."""
