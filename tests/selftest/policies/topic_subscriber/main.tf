resource "aws_sns_topic" "good_subscribed" {
  name = "alerts"
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.good_subscribed.arn
  protocol  = "email"
  endpoint  = "ops@mantisnxt.com"
}

resource "aws_sns_topic" "bad_without_subscriber" {
  name = "forgotten"
}
