variable "name" {
  description = "Name of the bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "Key for encryption at rest; null for S3-managed keys, the only kind load-balancer and CloudFront log delivery can write to."
  type        = string
  default     = null
}

variable "object_ownership" {
  description = "BucketOwnerEnforced, or BucketOwnerPreferred where the writer needs an ACL (CloudFront's standard logs)."
  type        = string
  default     = "BucketOwnerEnforced"

  validation {
    condition     = contains(["BucketOwnerEnforced", "BucketOwnerPreferred"], var.object_ownership)
    error_message = "object_ownership must be BucketOwnerEnforced or BucketOwnerPreferred."
  }
}

variable "policy_documents" {
  description = "Bucket policy documents, merged with the refusal of plain-text transport."
  type        = list(string)
  default     = []
}

variable "archive_after_days" {
  description = "Days until objects move to Glacier; null keeps them where they are."
  type        = number
  default     = null
}

variable "expire_after_days" {
  description = "Days until objects are deleted; null keeps them."
  type        = number
  default     = null
}

variable "intelligent_tiering" {
  description = "Move objects to Intelligent-Tiering at once."
  type        = bool
  default     = false
}

variable "force_destroy" {
  description = "Delete the bucket with the objects in it."
  type        = bool
  default     = false
}
