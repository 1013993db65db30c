package kit

import (
	"fmt"
	"sync"

	"sslkit/data"
)

// saidLeftOut are the lines that this process has said.
var saidLeftOut sync.Map

// sayLeftOut says what a set leaves out, such as images that are damaged: once for
// each set, or always.
func sayLeftOut(set data.Set, always bool) {
	line := data.LeftOutOf(set).String()
	if _, said := saidLeftOut.LoadOrStore(line, true); line != "" && (always || !said) {
		fmt.Println(line)
	}
}
