"""What moto lacks for the stack, one module per AWS service. Importing a module registers it."""
