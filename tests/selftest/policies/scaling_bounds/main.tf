variable "floor" {
  type = number
}

resource "aws_appautoscaling_target" "good_bounds" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/main/app"
  min_capacity       = 3
  max_capacity       = 10
}

resource "aws_appautoscaling_target" "good_one_task" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/main/app"
  min_capacity       = "1"
  max_capacity       = "1"
}

# Aurora may well be without replicas.
resource "aws_appautoscaling_target" "good_replicas" {
  service_namespace  = "rds"
  scalable_dimension = "rds:cluster:ReadReplicaCount"
  resource_id        = "cluster:main"
  min_capacity       = 0
  max_capacity       = 3
}

resource "aws_appautoscaling_target" "bad_down_to_nothing" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/main/app"
  min_capacity       = 0
  max_capacity       = 10
}

resource "aws_appautoscaling_target" "bad_floor_above_ceiling" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/main/app"
  min_capacity       = 3
  max_capacity       = 2
}

# As text "10" would come before "9".
resource "aws_appautoscaling_target" "bad_floor_as_text" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/main/app"
  min_capacity       = "10"
  max_capacity       = "9"
}

resource "aws_appautoscaling_target" "unknown_floor" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/main/app"
  min_capacity       = var.floor
  max_capacity       = 10
}
