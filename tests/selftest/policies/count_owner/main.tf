resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_service" "good_ignored" {
  name          = "good-ignored"
  desired_count = 3

  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }
}

resource "aws_appautoscaling_target" "ignored" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.good_ignored.name}"
  min_capacity       = 3
  max_capacity       = 10
}

resource "aws_ecs_service" "good_everything_ignored" {
  name          = "good-everything-ignored"
  desired_count = 3

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_appautoscaling_target" "everything_ignored" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.good_everything_ignored.name}"
  min_capacity       = 3
  max_capacity       = 10
}

# Nobody else sets its count.
resource "aws_ecs_service" "good_not_scaled" {
  name          = "good-not-scaled"
  desired_count = 1
}

resource "aws_ecs_service" "good_one_on_each_host" {
  name                = "good-one-on-each-host"
  scheduling_strategy = "DAEMON"
}

# The guide's service.
resource "aws_ecs_service" "bad_two_owners" {
  name          = "bad-two-owners"
  desired_count = 3
}

resource "aws_appautoscaling_target" "two_owners" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.bad_two_owners.name}"
  min_capacity       = 3
  max_capacity       = 10
}

resource "aws_ecs_service" "bad_other_argument_ignored" {
  name          = "bad-other-argument-ignored"
  desired_count = 3

  lifecycle {
    ignore_changes = [task_definition]
  }
}

resource "aws_appautoscaling_target" "other_argument_ignored" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.bad_other_argument_ignored.name}"
  min_capacity       = 3
  max_capacity       = 10
}

resource "aws_ecs_service" "bad_without_count" {
  name = "bad-without-count"
}

resource "aws_appautoscaling_target" "without_count" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.bad_without_count.name}"
  min_capacity       = 3
  max_capacity       = 10
}
