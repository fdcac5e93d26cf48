"""Who can reach whom in a VPC: one model and one engine, built from a plan or from the AWS API."""
