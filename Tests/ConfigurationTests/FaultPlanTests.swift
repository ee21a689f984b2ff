// SPDX-License-Identifier: Apache-2.0

import Configuration
import Testing

@Suite struct FaultPlanTests {
    @Test(arguments: [
        "", "  ", "descriptor", "descriptor@3", "descriptor@3x5", "descriptorx5", "descriptor@3x*", "stuck@7",
        "stuck@7x2", "remove", "remove@9", "busy", "busy@0", "busy@4", "busyx2", "busy@4x2",
        "descriptor@3x5,stuck@100", " descriptor@3 , remove@9 ", "descriptor@1000000000",
    ])
    func takesTheGrammar(text: String) {
        #expect(FaultPlan(parsing: text) != nil)
    }

    @Test(arguments: [
        ",", "descriptor,", ",descriptor", "nonsense", "descriptor@", "descriptor@0", "descriptor@-1", "descriptor@3x",
        "descriptor@3x0", "descriptor@3x5x5", "descriptor@3@4", "descriptorx5@3", "descriptor@1000000001",
        "descriptor@99999999999999999999999", "descriptor@3x*1", "descriptor @3", "Descriptor", "descriptor@3 x5",
        "remove@9x2", "removex*", "stuck@0", "x", "@", "@3", "x3", "descriptor@*", "busy@*", "descriptor;stuck", "desc",
        "descriptors", "descriptor@٣",
    ])
    func refusesTheRest(text: String) {
        #expect(FaultPlan(parsing: text) == nil)
    }

    @Test func kindsAreDocumented() {
        #expect(FaultKind.allCases.map(\.name) == ["descriptor", "overwrite", "stuck", "remove", "busy"])
        for kind in FaultKind.allCases {
            #expect(kind.help.hasPrefix(kind.name))
            #expect(!kind.help.contains("\n"))
            #expect(FaultPlan(parsing: kind.name) != nil)
            // The parser takes the first x for the count.
            #expect(!kind.name.contains("x"))
        }
    }
}
