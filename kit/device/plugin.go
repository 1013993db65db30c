package device

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/gomlx/go-xla/pjrt"
)

// machines maps Go's name of an architecture to that of the ELF header.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64, "loong64": elf.EM_LOONGARCH,
	"ppc64": elf.EM_PPC64, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// checkPlugin tells why the file at path cannot be a PJRT plugin for this machine, before anything
// is loaded from it: the loader's own messages do not say which file to install instead, and code
// of a wrong library must not run.
func checkPlugin(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return errors.Unwrap(err) // Without the path, which the caller names.
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	if runtime.GOOS != "linux" {
		return nil
	}
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("not a shared library, or cut short: %w", err)
	}
	defer file.Close()
	if want := machines[runtime.GOARCH]; file.Machine != want {
		return fmt.Errorf("wrong architecture: it is built for %s, this program for %s",
			machineName(file.Machine), runtime.GOARCH)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("not a PJRT plugin: %w", err)
	}
	isAPI := func(s elf.Symbol) bool {
		return s.Name == pjrt.GetPJRTApiFunctionName && s.Section != elf.SHN_UNDEF
	}
	if !slices.ContainsFunc(symbols, isAPI) {
		return fmt.Errorf("not a PJRT plugin: it does not export %s", pjrt.GetPJRTApiFunctionName)
	}
	return nil
}

// machineName is Go's name for the architecture where Go has one, since that is what downloads are
// named by.
func machineName(machine elf.Machine) string {
	var names []string
	for name, m := range machines {
		if m == machine {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return strings.TrimPrefix(machine.String(), "EM_")
	}
	slices.Sort(names)
	return strings.Join(names, " or ")
}
