environment   = "production"
app_min_count = 3
use_spot      = false
monitor       = null
