using System.CommandLine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Commands;

/// <summary><c>--verifiers</c> of the commands that make homes.</summary>
internal static class VerifiersOption
{
    /// <summary>The option; null for the default, all.</summary>
    public static Option<string?> Build()
    {
        var verifiers = new Option<string?>("--verifiers")
        {
            Description = "Who checks the signature of each transaction: all validators (default), or f+1 that vouch for it to the others: quicker, and as safe.",
            HelpName = "all|f+1",
        };
        verifiers.AcceptOnlyFromAmong(NodeConfig.AllVerifiers, NodeConfig.FewVerifiers);
        return verifiers;
    }
}
