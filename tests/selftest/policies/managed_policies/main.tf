variable "policy_arn" {
  type = string
}

resource "aws_iam_policy" "own" {
  name   = "own"
  policy = "{}"
}

data "aws_iam_policy" "administrator" {
  name = "AdministratorAccess"
}

data "aws_iam_policy" "audit" {
  arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_role_policy_attachment" "good_own_policy" {
  role       = "app"
  policy_arn = aws_iam_policy.own.arn
}

resource "aws_iam_role_policy_attachment" "good_narrow_policy" {
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# Reads what one service says of itself.
resource "aws_iam_role_policy_attachment" "good_reads_one_service" {
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"
}

resource "aws_iam_role_policy_attachment" "good_looked_up" {
  role       = "app"
  policy_arn = data.aws_iam_policy.audit.arn
}

resource "aws_iam_role" "good_without_policies" {
  name               = "app"
  assume_role_policy = "{}"
}

# The first three pass CKV_AWS_274 and CKV2_AWS_56.
resource "aws_iam_role_policy_attachment" "bad_reads_everything" {
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy_attachment" "bad_power_user" {
  role       = "app"
  policy_arn = "arn:aws-us-gov:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_role_policy_attachment" "bad_whole_service" {
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
}

resource "aws_iam_role_policy_attachment" "bad_second_version" {
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/CloudWatchFullAccessV2"
}

resource "aws_iam_role_policy_attachment" "bad_job" {
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/job-function/DatabaseAdministrator"
}

resource "aws_iam_user_policy_attachment" "bad_user" {
  user       = "app"
  policy_arn = "arn:aws:iam::aws:policy/IAMFullAccess"
}

resource "aws_iam_role_policy_attachment" "bad_looked_up" {
  role       = "app"
  policy_arn = data.aws_iam_policy.administrator.arn
}

resource "aws_iam_role" "bad_inline_list" {
  name               = "app"
  assume_role_policy = "{}"
  managed_policy_arns = [
    aws_iam_policy.own.arn,
    "arn:aws:iam::aws:policy/AWSLambda_FullAccess",
  ]
}

resource "aws_iam_role_policy_attachment" "unknown_variable" {
  role       = "app"
  policy_arn = var.policy_arn
}

resource "aws_iam_role" "unknown_in_a_list" {
  name                = "app"
  assume_role_policy  = "{}"
  managed_policy_arns = [aws_iam_policy.own.arn, var.policy_arn]
}
