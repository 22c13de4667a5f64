# The dashboard's door: TLS 1.3 and 1.2, one visitor stays with one task (a session is that task's memory), and headers that tell a
# browser what a page of ours may do. Streamlit's pages need inline styles, eval for charts, and their own WebSocket. The headers are the
# listener's, and so Airflow's, too, whose pages hold the page "Ticklake" in a frame: a site may frame itself, and nobody else.

resource "aws_lb" "dashboard" {
  #checkov:skip=CKV2_AWS_28:a web application firewall costs more than the dashboard; who comes is bound by addresses and signs in by OpenID Connect
  name                       = var.deployment.name
  load_balancer_type         = "application"
  internal                   = false
  security_groups            = [var.deployment.security_group_ids["balancer"]]
  subnets                    = var.public_subnet_ids
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deployment.protected
  idle_timeout               = 300

  access_logs {
    bucket  = var.logs_bucket
    prefix  = "balancer"
    enabled = true
  }
}

resource "aws_lb_target_group" "dashboard" {
  #checkov:skip=CKV_AWS_378:TLS ends at the balancer; behind it is a private network that takes this port from the balancer alone
  name                 = var.deployment.name
  port                 = 8501
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.deployment.vpc_id
  deregistration_delay = 30

  health_check {
    path                = "/_stcore/health"
    matcher             = "200"
    interval            = 15
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  stickiness {
    type            = "lb_cookie"
    cookie_duration = 86400
    enabled         = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.dashboard.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  routing_http_response_server_enabled                         = false
  routing_http_response_strict_transport_security_header_value = "max-age=31536000; includeSubDomains"
  routing_http_response_x_content_type_options_header_value    = "nosniff"
  routing_http_response_x_frame_options_header_value           = "SAMEORIGIN"
  routing_http_response_content_security_policy_header_value   = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' wss://${var.dashboard_domain}; worker-src 'self' blob:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.dashboard.arn
  }
}

resource "aws_route53_record" "pages" {
  for_each = var.zone_id == null ? toset([]) : toset(var.domains)

  zone_id = var.zone_id
  name    = each.key
  type    = "A"

  alias {
    name                   = aws_lb.dashboard.dns_name
    zone_id                = aws_lb.dashboard.zone_id
    evaluate_target_health = true
  }
}
