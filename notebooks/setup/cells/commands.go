package main

import (
	"slices"
	"strings"
)

// Cells that begin with one of these are not Go.
var otherLanguages = []string{"%%writefile", "%%script", "%%bash", "%%sh", "%%gx"}

// split divides a cell into GoNB's commands, which are lines that begin with % or !, and Go. The Go
// source has a package clause, and then a line for each line of the cell, so that line n of the
// cell is line n+1 of the source. It is empty where GoNB would compile nothing.
func split(lines []string) (source string, commands [][]string) {
	if slices.Contains(otherLanguages, strings.SplitN(uncommented(lines[0]), " ", 2)[0]) {
		return "", nil
	}
	isCommand, isTest := make([]bool, len(lines)), false
	for i, line := range lines {
		line = uncommented(line)
		if isCommand[i] || len(line) < 2 || line[0] != '%' && line[0] != '!' {
			continue
		}
		isCommand[i] = true
		// A backslash at its end continues a command on the next line.
		for k := i; strings.HasSuffix(line, `\`) && k+1 < len(lines); {
			k++
			isCommand[k] = true
			line = strings.TrimSuffix(line, `\`) + " " + uncommented(lines[k])
		}
		if command := strings.Fields(line[1:]); line[0] == '%' && len(command) > 0 {
			commands = append(commands, command)
			isTest = isTest || command[0] == "test"
		}
	}

	var out strings.Builder
	out.WriteString("package main\n")
	hasGo, inMain := isTest, false
	for i, line := range lines {
		command := uncommented(line)
		words := strings.Fields(command)
		switch {
		case strings.HasPrefix(command, "%main"), command == "%%", strings.HasPrefix(command, "%% "), strings.HasPrefix(command, "%%\t"):
			out.WriteString("func main() { flag.Parse()")
			inMain = true
		case strings.HasPrefix(command, "%exec ") && len(words) > 1:
			out.WriteString("func main() { flag.Parse(); " + words[1] + "() }")
		case isCommand[i]:
		case strings.HasPrefix(line, "package"): // GoNB drops these lines, whatever follows.
			hasGo = true
		default:
			out.WriteString(line)
			hasGo = hasGo || strings.TrimSpace(line) != ""
		}
		out.WriteString("\n")
	}
	if inMain {
		out.WriteString("}\n")
	}
	if !hasGo {
		return "", commands
	}
	return out.String(), commands
}

// uncommented is a line without the comment that GoNB lets commands hide behind from other Go
// tools.
func uncommented(line string) string {
	return strings.TrimPrefix(line, "//gonb:")
}
