package rundir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"sslkit/kit/wholefile"
)

// A file of indented JSON ends with the SHA-256 of what stands before that.
const (
	jsonSumKey   = ",\n  \"sha256\": \""
	jsonSumAfter = "\"\n}\n"
)

// WriteJSON writes a value, indented, whole, and where it is a struct or a map that is not empty with
// a sum by which ReadJSON verifies it.
func WriteJSON(path string, value any) error {
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return WriteEncoded(path, encoded)
}

// WriteEncoded is WriteJSON of what is encoded already, indented by two spaces.
func WriteEncoded(path string, encoded []byte) error {
	body, ok := bytes.CutSuffix(bytes.TrimSpace(encoded), []byte("\n}"))
	if !ok { // No object, or an empty one: there is no place for a sum.
		return wholefile.WriteBytes(path, append(encoded, '\n'))
	}
	return wholefile.WriteBytes(path, fmt.Appendf(nil, "%s%s%s%s", body, jsonSumKey, sumOfBytes(body), jsonSumAfter))
}

// ReadJSON reads what WriteJSON wrote. What is not as it was written is an error that wraps
// ErrDamaged; what was written without a sum, by an earlier version, is read as it is.
func ReadJSON(path string, value any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// Where anything stands behind the sum, it is not at its place.
	if at := bytes.LastIndex(content, []byte(jsonSumKey)); at >= 0 {
		if string(content[at+len(jsonSumKey):]) != sumOfBytes(content[:at])+jsonSumAfter {
			return fmt.Errorf("%s is %w: it does not fit its sum", path, ErrDamaged)
		}
		content = append(content[:at:at], "\n}"...) // The sum is no field of the value.
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
