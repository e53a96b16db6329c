"""How each API family spells a chat. Pure: a dialect opens no socket, reads no clock and knows no vendor."""
