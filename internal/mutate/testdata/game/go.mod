module game

go 1.26.0
