environment = "develop"
