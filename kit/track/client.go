package track

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Answer is the error of a call that an MLflow server has not done.
type Answer struct {
	Status  int    // Of HTTP.
	Code    string // MLflow's name of what is wrong, such as "RESOURCE_DOES_NOT_EXIST"; may be empty.
	Message string // What the server says.
}

func (a *Answer) Error() string {
	text := fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
	for _, part := range []string{a.Code, a.Message} {
		if part != "" {
			text += ": " + part
		}
	}
	return text
}

// client calls a server.
type client struct {
	base                  string // Its URL.
	http                  *http.Client
	token, user, password string
}

// name is the URL without a password.
func (c client) name() string {
	parsed, err := url.Parse(c.base)
	if err != nil {
		return "a URL that can't be read"
	}
	return parsed.Redacted()
}

func (c client) get(call string, answer any) error {
	return c.do(http.MethodGet, "mlflow/"+call, "", nil, answer)
}

func (c client) post(call string, message, answer any) error {
	encoded, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("asking %s for %s: %w", c.name(), call, err)
	}
	return c.do(http.MethodPost, "mlflow/"+call, "application/json", encoded, answer)
}

func (c client) put(call string, content []byte) error {
	return c.do(http.MethodPut, call, "application/octet-stream", content, nil)
}

// mostAnswer is the most bytes of an answer that are read.
const mostAnswer = 64 << 20

func (c client) do(method, call, kind string, body []byte, answer any) error {
	fail := func(err error) error {
		name, _, _ := strings.Cut(call, "?")
		return fmt.Errorf("asking %s for %s: %w", c.name(), name, err)
	}
	request, err := http.NewRequest(method, c.base+"/api/2.0/"+call, bytes.NewReader(body))
	if err != nil {
		return fail(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	switch {
	case c.user != "" || c.password != "":
		request.SetBasicAuth(c.user, c.password)
	case c.token != "":
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	var failed *url.Error
	if errors.As(err, &failed) { // Which would repeat the address.
		err = failed.Err
	}
	if err != nil {
		return fail(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return fail(err)
	}
	if response.StatusCode/100 != 2 {
		return fail(refused(response.StatusCode, content))
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return fail(fmt.Errorf("the answer is no message of MLflow: %w", err))
	}
	return nil
}

// refused reads what a server says that has not done what was asked.
func refused(status int, content []byte) *Answer {
	var said struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(content, &said) != nil { // Such as the page of a proxy.
		said.Message = strings.Join(strings.Fields(string(content[:min(len(content), 300)])), " ")
	}
	return &Answer{status, said.Code, said.Message}
}

// jsonInteger is a whole number, written as one or as text.
type jsonInteger int64

// UnmarshalJSON reads either.
func (i *jsonInteger) UnmarshalJSON(content []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(content), `"`), 10, 64)
	*i = jsonInteger(n)
	return err
}
