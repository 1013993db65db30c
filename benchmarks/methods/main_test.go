package main

import (
	"os"
	"testing"

	"sslkit/kit/device/devicetest"
)

// commandVariable, in the environment, makes this test binary the command, with few images.
const commandVariable = "SSLKIT_METHODS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(commandVariable) != "" {
		quickTrain, quickTest = 128, 40
		main()
		return
	}
	devicetest.Main(m)
}
