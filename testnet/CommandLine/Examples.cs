using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Bft.Testnet.CommandLine;

/// <summary>Help that ends with examples: what most people look for first.</summary>
internal static class Examples
{
    /// <summary>Makes the help of a root command and its subcommands show their examples.</summary>
    /// <param name="root">The root command.</param>
    /// <param name="examples">The examples of each command.</param>
    public static void Show(RootCommand root, IReadOnlyDictionary<Command, string[]> examples)
    {
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            help.Action = new Action((SynchronousCommandLineAction)help.Action!, examples);
        }
    }

    private sealed class Action(SynchronousCommandLineAction plain, IReadOnlyDictionary<Command, string[]> examples) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int code = plain.Invoke(parseResult);
            if (examples.TryGetValue(parseResult.CommandResult.Command, out string[]? lines))
            {
                TextWriter output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (string line in lines)
                {
                    output.WriteLine($"  {line}");
                }
            }

            return code;
        }
    }
}
