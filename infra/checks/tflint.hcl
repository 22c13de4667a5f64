plugin "terraform" {
  enabled = true
  preset  = "all"
}

# Files are named after what they hold.
rule "terraform_standard_module_structure" {
  enabled = false
}
