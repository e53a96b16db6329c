"""The common tongue: what a chat asks (`request`), what an answer says as it grows (`events`), and the answer whole (`collect`)."""
