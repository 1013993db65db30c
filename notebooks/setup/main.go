// Command setup prints the backend that notebooks will compute on, or fails with what to install.
// `make setup` ends with it; it also stands for a cell when the set-up tries out how cells can be
// linked.
package main

import (
	"fmt"
	"os"

	"sslkit/kit/device"
)

func main() {
	if _, err := device.Open(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(device.Describe())
}
