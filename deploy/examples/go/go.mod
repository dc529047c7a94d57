module example.com/import

go 1.19
