"""The twin and the client held against KuFlow's OpenAPI document, which is no part of this project."""
