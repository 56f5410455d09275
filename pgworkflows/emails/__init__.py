"""What people are told about approvals, by signals and by e-mail, from an outside step."""
