# Builds an application of Quarkus with one class, and runs it. What a build of Penstock has not fetched yet, this fetches.
set -e
folder=${1%/src/*}
version=$(sed -n 's|.*<quarkus.version>\(.*\)</quarkus.version>.*|\1|p' pom.xml)
cp src/test/resources/recipes/quarkus.xml "$folder/pom.xml"
./mvnw --quiet --batch-mode --file "$folder/pom.xml" -Dquarkus.version="$version" package >&2
"$JAVA_HOME/bin/java" -Dquarkus.log.console.stderr=true -Dquarkus.banner.enabled=false -jar "$folder/target/quarkus-app/quarkus-run.jar"
