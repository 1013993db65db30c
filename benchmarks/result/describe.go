package result

import (
	"sslkit/kit"
	"sslkit/kit/rundir"
)

// New is a result without rows that describes this machine, its backend and the commit.
func New(benchmark, protocol string) Result {
	return Result{
		Benchmark: benchmark, Commit: rundir.Commit(), Machine: rundir.ThisMachine(), Backend: kit.DescribeBackend(), Protocol: protocol,
	}
}

// ReadRows reads the rows of an earlier result, or none where there is none.
func ReadRows(path string) []Row {
	earlier, err := Read(path)
	if err != nil {
		return nil
	}
	return earlier.Rows
}
