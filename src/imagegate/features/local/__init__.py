"""Parts of a page: what is seen of its text in each, and damage to some of them."""
