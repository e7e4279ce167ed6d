package cli

import "os"

// ScreenSize finds no terminal to draw on: not every console of Windows takes the signs for that.
func ScreenSize(*os.File) (width, height int, ok bool) { return 0, 0, false }
