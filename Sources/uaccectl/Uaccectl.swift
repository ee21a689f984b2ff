import ArgumentParser

@main
struct Uaccectl: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "uaccectl")
}
