// The etcd server, built from its Go module: the tests need a version that people run, and systems ship old ones.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
