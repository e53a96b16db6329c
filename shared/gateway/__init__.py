"""What happens to one chat, a verb a file: plan · relay · mask · meter, told in order by `converse`."""
