environment   = "staging"
app_min_count = 2
use_spot      = false
monitor       = null
