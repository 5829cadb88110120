"""What people are told unasked: how milestones and the weekly digest are worded, and the ways out."""
