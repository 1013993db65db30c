package corrupt_test

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/corrupt"
)

// All 75 corrupted versions of a test split.
func ExampleSource() {
	for _, c := range corrupt.All() {
		for severity := 1; severity <= corrupt.Severities; severity++ {
			source := corrupt.Source{From: data.Shapes{Test: 20}, Corruption: c, Severity: severity}
			test, err := source.Open(data.Test)
			if err != nil {
				fmt.Println(err)
				return
			}
			if c == corrupt.Snow {
				fmt.Println(test.Name(), test.Len())
			}
			test.Close()
		}
	}
	// Output:
	// shapes-snow-1/test 20
	// shapes-snow-2/test 20
	// shapes-snow-3/test 20
	// shapes-snow-4/test 20
	// shapes-snow-5/test 20
}
