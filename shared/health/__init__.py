"""How providers fare, as far as we saw: who is asked at present, and who answers quickest."""
