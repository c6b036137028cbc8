#!/bin/sh
# Runs one crawl and logs how it ended, as a person's wrapper would. $1 directory, the rest: the crawler's argv.
directory=$1
shift
cd "$directory"
./bin/ruby "$@" >>log/crawler.log 2>&1
status=$?
echo "$(date '+%F %T') ucrawler ended with status $status" >>log/crawler.log
