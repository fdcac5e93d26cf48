variable "label" {
  type = string
}

resource "aws_lb" "main" {
  name = "main"
}

resource "aws_lb" "several" {
  for_each = toset(["a", "b"])

  name = each.key
}

resource "aws_lb_target_group" "app" {
  name = "app"
}

resource "aws_appautoscaling_policy" "good_suffixes" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.app.arn_suffix}"
    }
  }
}

resource "aws_appautoscaling_policy" "good_one_of_several" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.several["a"].arn_suffix}/${aws_lb_target_group.app.arn_suffix}"
    }
  }
}

resource "aws_autoscaling_policy" "good_written_out" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "app/main/778d41231b141a0f/targetgroup/app/943f017f100becff"
    }
  }
}

resource "aws_appautoscaling_policy" "good_without_label" {
  name        = "cpu"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "good_steps" {
  name        = "steps"
  policy_type = "StepScaling"

  step_scaling_policy_configuration {
    adjustment_type = "ChangeInCapacity"
  }
}

resource "aws_appautoscaling_policy" "bad_wrong_way_round" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb_target_group.app.arn_suffix}/${aws_lb.main.arn_suffix}"
    }
  }
}

resource "aws_appautoscaling_policy" "bad_whole_arns" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.main.arn}/${aws_lb_target_group.app.arn}"
    }
  }
}

resource "aws_appautoscaling_policy" "bad_target_group_alone" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "targetgroup/app/943f017f100becff"
    }
  }
}

resource "aws_appautoscaling_policy" "bad_without_label" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
    }
  }
}

resource "aws_appautoscaling_policy" "unknown_variable" {
  name        = "requests"
  policy_type = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = var.label
    }
  }
}
