"""Small servers to compare with, written on other people's libraries."""
