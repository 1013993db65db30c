package device

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"runtime"
	"strings"
	"testing"
)

// library is the header of an ELF shared library without sections.
func library(t *testing.T, machine elf.Machine) []byte {
	t.Helper()
	header := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Shentsize: 64,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	var buffer bytes.Buffer
	if err := binary.Write(&buffer, binary.LittleEndian, header); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestCheckPlugin(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("shared libraries are looked into on Linux only")
	}
	foreign, name := elf.EM_AARCH64, "arm64"
	if runtime.GOARCH == name {
		foreign, name = elf.EM_X86_64, "amd64"
	}
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{dir + "/none.so", "no such file"},
		{dir, "not a file"},
		{write(t, []byte("<html>404</html>"), dir, "page.so"), "not a shared library"},
		{touch(t, dir, "empty.so"), "not a shared library"},
		{write(t, library(t, machines[runtime.GOARCH])[:40], dir, "short.so"), "cut short"},
		{write(t, library(t, foreign), dir, "foreign.so"), "wrong architecture: it is built for " + name},
		{write(t, library(t, elf.EM_68K), dir, "old.so"), "wrong architecture: it is built for 68K"},
		{write(t, library(t, machines[runtime.GOARCH]), dir, "bare.so"), "not a PJRT plugin"},
		{program, "not a PJRT plugin"}, // A real file of the right architecture.
	} {
		if err := checkPlugin(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", c.path, err, c.want)
		}
	}
}

// elfOfAnotherMachine is a shared library that no machine with PJRT runs.
func elfOfAnotherMachine(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("shared libraries are looked into on Linux only")
	}
	return write(t, library(t, elf.EM_68K), t.TempDir(), "pjrt_c_api_cpu_plugin.so")
}
