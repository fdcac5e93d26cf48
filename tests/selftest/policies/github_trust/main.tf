variable "repository" {
  type = string
}

variable "subjects" {
  type = list(string)
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_openid_connect_provider" "kubernetes" {
  url            = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "one_branch" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:ref:refs/heads/main"]
    }
  }
}

resource "aws_iam_role" "good_one_branch" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.one_branch.json
}

data "aws_iam_policy_document" "several_branches" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = [for branch in ["main", "staging"] : "repo:${var.repository}:ref:refs/heads/${branch}"]
    }
  }
}

resource "aws_iam_role" "good_several_branches" {
  name               = "audit"
  assume_role_policy = data.aws_iam_policy_document.several_branches.json
}

resource "aws_iam_role" "good_written_out" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:mantisnxt/admin-panel:environment:production"
        }
      }
    }]
  })
}

data "aws_iam_policy_document" "services" {
  for_each = toset(["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.key]
    }
  }
}

resource "aws_iam_role" "good_service" {
  name               = "task"
  assume_role_policy = data.aws_iam_policy_document.services["ecs-tasks.amazonaws.com"].json
}

# Trust in a cluster's pods is another matter.
data "aws_iam_policy_document" "pods" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.kubernetes.arn]
    }
  }
}

resource "aws_iam_role" "good_pods" {
  name               = "pods"
  assume_role_policy = data.aws_iam_policy_document.pods.json
}

data "aws_iam_policy_document" "every_branch" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:mantisnxt/admin-panel:*"]
    }
  }
}

# Passes CKV_AWS_358.
resource "aws_iam_role" "bad_every_branch" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.every_branch.json
}

data "aws_iam_policy_document" "without_audience" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:mantisnxt/admin-panel:ref:refs/heads/main"]
    }
  }
}

# Passes CKV_AWS_358.
resource "aws_iam_role" "bad_without_audience" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.without_audience.json
}

data "aws_iam_policy_document" "without_conditions" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }
  }
}

# Passes CKV_AWS_358: it stops at the first statement, and does not know the provider by reference.
resource "aws_iam_role" "bad_without_conditions" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.without_conditions.json
}

# A pattern by an operator that takes none admits nobody.
data "aws_iam_policy_document" "pattern_taken_literally" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:ref:refs/heads/*"]
    }
  }
}

resource "aws_iam_role" "bad_pattern_taken_literally" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.pattern_taken_literally.json
}

resource "aws_iam_role" "bad_written_out" {
  name               = "deploy"
  assume_role_policy = <<-JSON
    {
      "Version": "2012-10-17",
      "Statement": {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
        "Condition": {
          "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
          "StringLike": {"token.actions.githubusercontent.com:sub": ["repo:mantisnxt/admin-panel:ref:refs/heads/main", "repo:mantisnxt/*"]}
        }
      }
    }
  JSON
}

data "aws_iam_policy_document" "unknown_subjects" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = var.subjects
    }
  }
}

resource "aws_iam_role" "unknown_subjects" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.unknown_subjects.json
}

data "aws_iam_policy_document" "unknown_part_of_a_pattern" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:ref:refs/heads/main"]
    }
  }
}

resource "aws_iam_role" "unknown_part_of_a_pattern" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.unknown_part_of_a_pattern.json
}

data "aws_iam_policy_document" "default_audience" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["https://github.com/mantisnxt"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:mantisnxt/admin-panel:ref:refs/heads/main"]
    }
  }
}

resource "aws_iam_role" "bad_default_audience" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.default_audience.json
}

locals {
  trust = {
    for service in ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"] : service => jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = service } }]
    })
  }

  trust_in_somebody = {
    for provider in var.subjects : provider => jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "sts:AssumeRoleWithWebIdentity", Principal = { Federated = provider } }]
    })
  }
}

resource "aws_iam_role" "good_service_by_a_local" {
  name               = "task"
  assume_role_policy = local.trust["ecs-tasks.amazonaws.com"]
}

resource "aws_iam_role" "unknown_provider_by_a_local" {
  name               = "deploy"
  assume_role_policy = local.trust_in_somebody["github"]
}

# The provider keeps the URL without its scheme.
data "aws_iam_policy_document" "claims_by_reference" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${aws_iam_openid_connect_provider.github.url}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "${aws_iam_openid_connect_provider.github.url}:sub"
      values   = ["repo:mantisnxt/admin-panel:ref:refs/heads/main"]
    }
  }
}

resource "aws_iam_role" "good_claims_by_reference" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.claims_by_reference.json
}

data "aws_iam_policy_document" "unknown_claim" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = var.repository
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "unknown_claim" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.unknown_claim.json
}
